"""The commands of ``python run_app.py``: each adds its words and runs."""
