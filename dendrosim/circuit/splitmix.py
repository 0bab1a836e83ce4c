"""Random numbers out of a key and a place: SplitMix64 (Steele, Lea and Flood, 2014), with no state that has to be kept.

For NumPy they are in :mod:`dendrosim.circuit.kernels`; this is their C, which templates of C++ and CUDA put into what
is generated, with QUALIFIERS replaced by what a function needs there.
"""

CODE = """
QUALIFIERS double _uniform(unsigned long long state)  // in (0, 1]
{
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9ull;
    state = (state ^ (state >> 27)) * 0x94D049BB133111EBull;
    return (double)(((state ^ (state >> 31)) >> 11) + 1) * 0x1p-53;
}
QUALIFIERS double _normal(const unsigned long long key, const unsigned long long place)
{
    const unsigned long long golden = 0x9E3779B97F4A7C15ull, state = key + 2 * place * golden;
    return sqrt(-2 * log(_uniform(state))) * cos(6.283185307179586 * _uniform(state + golden));
}
QUALIFIERS double _poisson(const unsigned long long key, const unsigned long long place, const double mean)
{
    const double wanted = _uniform(key + place * 0x9E3779B97F4A7C15ull);
    double share = exp(-mean), total = share;
    int count = 0;
    while (wanted > total && count < 4 * mean + 100) {
        count++;
        share *= mean / count;
        total += share;
    }
    return count;
}
"""
"""Uniform in (0, 1], standard normal by the transform of Box and Muller, and Poisson by inversion."""
