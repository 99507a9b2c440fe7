"""What theory says of wide random networks: the variance map, the edge of chaos, and how far one draw strays."""
