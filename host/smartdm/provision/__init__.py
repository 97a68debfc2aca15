"""Provisioning: a profile (TOML) says what a card shall hold; the difference is planned, shown, and applied at once.

    profile   what the user wrote: definitions, servers, wishes for nodes        (wishes, tables, treefile)
    present   what the card holds
    target    present + wishes -> the wanted tree, held to the definitions
    changes   present -> target as a list of changes, in the order in which a card can take them
    room      memory that they need
    plan      all of it for one card; run: plan -> card

``docs/provisioning.md`` is the user's view.
"""
