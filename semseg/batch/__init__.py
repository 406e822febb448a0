"""Many pictures: thousands, on all cores of a computer or of a cluster, again where it was left.

============  ================================================================================
`pictures`    which pictures: files, folders, addresses; each with the text beside it
`jobs`        what is to be done with each; what makes a result the same result
`by_hand`     what a person decided on a picture: ``RUN/by_hand/SHA256.session.json``
`worker`      the work on one picture, wherever it is done
`results`     a picture's folder in the run, and its row
`ledger`      what became of each picture, a line each
`run`         the folder of a run: where its parts lie, and that one alone writes to it
`cluster`     who works: Dask, on this computer or behind an address
`running`     the whole: shared out, written down, told
`pooling`     pictures by sample: who counts, who is unlike the others, pooled sizes
`tables`      Parquet and CSV of all pictures
`summary`     the same written, with the run's page
============  ================================================================================

A person's decisions on a picture (its settings, corrected outlines, what counts) are kept as a
session of that picture alone, by the hash of its bytes. The page writes it with `by_hand.save`; a
worker measures as it says; a row of the ledger names by its digest which one it was measured with
(``hand``), so that ``--retry-edited`` knows what is to be measured again.

Nothing but small rows goes from a worker to whoever shares out the work: a worker writes the files
of its picture itself, whole or not at all. Dask, PyArrow and fsspec come with the extra ``batch``.
"""
