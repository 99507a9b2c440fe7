"""What the window can do: the commands, their menus, and the search for one."""
