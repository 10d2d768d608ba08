"""Compare models: figures of every model side by side, and one smear through all of them, whole or made worse."""
