"""Recipe of Inkstone's embedded model: Noto Color Emoji, drawn from their Chinese names."""
