"""smartdm: device management objects on a smart card, and everything around it."""
