"""Random numbers out of a key and a place: SplitMix64 (Steele, Lea and Flood, 2014), with no state that has to be kept.

For NumPy they are in :mod:`dendrosim.circuit.kernels`; this is their C, which templates of C++ and CUDA put into what
is generated, with QUALIFIERS replaced by what a function needs there.
"""

MOST_SPIKES = 1000
"""More than any cell sends in a time step; beyond some 700 expected, exp(−mean) is no number any more."""

CODE = """
QUALIFIERS unsigned long long _bits(unsigned long long state)
{
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9ull;
    state = (state ^ (state >> 27)) * 0x94D049BB133111EBull;
    return state ^ (state >> 31);
}
QUALIFIERS double _uniform(const unsigned long long state)  // in (0, 1]
{
    return (double)((_bits(state) >> 11) + 1) * 0x1p-53;
}
QUALIFIERS double _normal(const unsigned long long key, const unsigned long long place)
{
    const unsigned long long golden = 0x9E3779B97F4A7C15ull, state = key + 2 * place * golden;
    return sqrt(-2 * log(_uniform(state))) * cos(6.283185307179586 * _uniform(state + golden));
}
QUALIFIERS unsigned long long _word(
    const unsigned long long key, const unsigned long long place, const int words, const int word)
{
    return _bits(key + (place * words + word) * 0x9E3779B97F4A7C15ull);
}
template <int most, typename real>
QUALIFIERS void _poisson(
    const unsigned long long* bits, const int number, const real* mean, real* count, const int cells)
{
    double wanted[most], share[most], total[most];
    for (int k = 0; k < cells; k++) {
        wanted[k] = ((double)(unsigned int)(bits[k] >> 32 * number) + 0.5) * 0x1p-32;
        total[k] = share[k] = exp(-(double)mean[k]);
        count[k] = 0;
    }
    int left = 1;
    for (int spikes = 1; left && spikes < SPIKES; spikes++) {
        left = 0;
        for (int k = 0; k < cells; k++) {
            const int more = wanted[k] > total[k];
            left |= more;
            count[k] += more;
            share[k] *= mean[k] / spikes;
            total[k] += share[k];
        }
    }
}
""".replace("SPIKES", str(MOST_SPIKES))
"""Uniform in (0, 1], standard normal by the transform of Box and Muller, and Poisson by inversion.

Spikes take half the bits of an output, the lower ones for kinds of an even number, for up to `most` cells at once, so
that compilers vectorise their loops.
"""
