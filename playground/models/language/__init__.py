"""What a program line may say, and what it does: syntax, vocabulary, fills, failures."""
