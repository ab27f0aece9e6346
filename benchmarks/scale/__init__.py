"""A daemon that knows many rooms, with many messages in its file and many connections: does it stay quick?"""
