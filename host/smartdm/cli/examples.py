"""What a command line looks like: shown at the end of each command's help.  A test runs all of them."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "card list": ("smartdm card list",),
    "card info": ("smartdm card info --card sim:first",),
    "card reset": ("smartdm card reset --force",),
    "mo tree": ("smartdm mo tree", "smartdm mo tree ./Mail --levels 1"),
    "mo get": ("smartdm mo get ./Mail/Addr", "smartdm mo get './Mail/Addr?prop=Format'"),
    "mo set": ("smartdm mo set ./Mail/Addr mail.example", "smartdm mo set ./Mail/Icon --file icon.png"),
    "mo add": ("smartdm mo add ./Notes/Today 'Hello, card' --parents --acl 'Get=*'",),
    "mo delete": ("smartdm mo delete ./Mail/Icon --force",),
    "mo rename": ("smartdm mo rename ./Mail Post",),
    "mo import": ("smartdm mo import tree.xml --dry-run", "smartdm mo import tree.xml --at ./Backup --parents"),
    "mo export": ("smartdm mo export --out tree.xml", "smartdm mo export ./Mail --as packed --out mail.packed"),
    "mo diff": ("smartdm mo diff tree.xml", "smartdm mo diff tree.xml card:./Mail"),
    "sim new": ("smartdm sim new second --arena 8 --profile small",),
    "sim list": ("smartdm sim list",),
    "sim delete": ("smartdm sim delete second --force",),
    "sim cut": ("smartdm sim cut first --at 2 --mode half", "smartdm sim cut first --off"),
    "decode": ("smartdm decode tree.xml", "smartdm decode trace.txt --as trace"),
    "doctor": ("smartdm doctor",),
    "completion": ("smartdm completion bash",),
}
