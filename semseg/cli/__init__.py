"""The command line: a module for each command, and what the commands share.

============  ================================================================================
`main`        the parser of ``semseg``; runs the command that was asked for
`analyze`     ``semseg analyze IMAGE ...``: measure the particles of pictures
`batch`       ``semseg batch INPUT ...``: thousands of pictures, on many cores or machines
`pool`        ``semseg pool RUN ...``: what runs make together, without measuring again
`report`      ``semseg report SESSION``: replay a session
`page`        ``semseg page``: the page in a browser
`arguments`   options that stand for settings
`sheet`       samples and settings of many pictures, from a CSV
`pictures`    pictures analysed and written one after the other, and what they make together
`outputs`     the folder that is written into
`progress`    the progress bar
`printed`     what is printed
============  ================================================================================

A command's module offers ``add_parser(commands) -> None``, which sets ``set_defaults(run=run)``,
and ``run(options) -> int``, which returns the exit status; `main` lists it.
"""
