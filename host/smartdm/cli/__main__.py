"""``python -m smartdm.cli`` is ``smartdm``."""

import sys

from smartdm.cli.main import main

sys.exit(main())
