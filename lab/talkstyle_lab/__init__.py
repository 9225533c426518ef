"""The laboratory: what makes talkstyle's weights, styles, tables and pictures, and measures them."""
