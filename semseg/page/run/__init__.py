"""A run of ``semseg batch`` on the page: its pictures in a table, each opened, decisions saved.

========== ========================================================================
module     what happens in it
========== ========================================================================
`folder`   which run this server shows, if any: its environment says so
`listing`  the pictures of the run in rows, those to look at first
`table`    these rows on the page, to be filtered and clicked
`opening`  one of them as a picture of the page, with the settings that it was measured with
`saving`   what was decided by hand on it, back into the run
========== ========================================================================

Nothing here imports what only runs need (the extra ``batch``) before there is a run.
"""
