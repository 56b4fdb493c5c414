"""The way through a bastion: one connection of the system's own ssh client, which forwards and is restored."""
