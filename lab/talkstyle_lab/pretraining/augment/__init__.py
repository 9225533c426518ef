"""Recordings that a corpus does not have: rooms, microphones, telephones, codecs, music, other voices and throats.

Nothing here moves a sound in time: what the lips do stays in step with what is heard.
"""
