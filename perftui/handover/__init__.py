"""What leaves this machine: Snapshots, plans and advice without values, hosts and users."""
