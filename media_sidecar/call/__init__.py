"""One call: who is in it, who hears whom, what is recorded, and when it ends.

`call.Call` is the whole; each other file is one of its subjects.
"""
