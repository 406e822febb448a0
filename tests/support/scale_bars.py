"""What is written over the scale bar of a picture so wide, in Python and in the browser."""

WIDTHS = (
    # nm; the middle between 1 and 2 lies at sqrt(2), that between 5 and 10 at sqrt(50)
    (2.0, "0.5 nm"),
    (5.0, "1 nm"),
    (70.0, "10 nm"),
    (71.0, "20 nm"),
    (158.0, "20 nm"),
    (159.0, "50 nm"),
    (3535.0, "500 nm"),
    (3536.0, "1 µm"),
    (7520.0, "2 µm"),
    (3.54e5, "100 µm"),
    (4.9e6, "1 mm"),
    (2.2e7, "5 mm"),
)
