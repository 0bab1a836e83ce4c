{# A standard normal number out of a key and a place: SplitMix64 and the transform of Box and Muller, as kernels.normal. #}
{% macro normal(qualifiers) %}
{{qualifiers}} double _uniform(uint64_t state)  // in (0, 1]
{
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9ull;
    state = (state ^ (state >> 27)) * 0x94D049BB133111EBull;
    return (double)(((state ^ (state >> 31)) >> 11) + 1) * 0x1p-53;
}
{{qualifiers}} double _normal(const uint64_t key, const uint64_t place)
{
    const uint64_t golden = 0x9E3779B97F4A7C15ull, state = key + 2 * place * golden;
    return sqrt(-2 * log(_uniform(state))) * cos(6.283185307179586 * _uniform(state + golden));
}
{% endmacro %}
