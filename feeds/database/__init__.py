"""What went out and what is held, in tables that outlive the process."""
