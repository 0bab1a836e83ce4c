"""What the engines cost and what they reach, measured by commands that anyone can run again."""
