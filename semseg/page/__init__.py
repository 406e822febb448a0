"""The modules of the page; `streamlit_app.py` orders them.

========== ========================================================================
module     what happens in it
========== ========================================================================
`address`  settings in the page's address, and back
`choices`  settings in the widgets of a session, and back
`text`     text from files, shown as it is
`store`    the results of one session, bounded
`inputs`   upload, sample, settings file
`work`     pictures through the program, with progress
`scales`   the scale of a picture: used, typed, drawn, of all pictures
`controls` crop, repair, rescale factor, provider
`preview`  what is cut off, and what the network sees
`results`  the linked view of one picture, and its files
`batch`    several pictures together
`start`    what a visitor sees first, and the footer
`serve`    the server, for the command line
========== ========================================================================
"""
