def fits(taps):
    return False


def words(w):
    return "block-Toeplitz products"
