{# The built-in matrix product. C (rows x columns) = factor * A (rows x depth) B (depth x columns), or added to C.
   A and B are read with arbitrary strides, so that one kernel serves W, its transpose and outer products.
   Panels are packed, because the inner loop must stream contiguous memory to keep the vector units busy. #}
{% macro matrix_product(real) %}
typedef {{real}} _vector __attribute__((vector_size(64), aligned(sizeof({{real}}))));
enum { _LANES = 64 / sizeof({{real}}), _VECTORS = 3, _COLUMNS = _LANES * _VECTORS, _ROWS = 8, _DEPTH = 256 };

// Inlined with literal sizes, GCC spills the accumulators: keep it a function of its own.
template<bool ADD> __attribute__((noinline, noclone))
static void _matrix_product(const int rows, const int columns, const int depth, const {{real}} factor,
                            const {{real}}* __restrict a, const size_t a_row, const size_t a_depth,
                            const {{real}}* __restrict b, const size_t b_depth, const size_t b_column,
                            {{real}}* __restrict c)
{
    const int panels = (columns + _COLUMNS - 1) / _COLUMNS;
    {{openmp_pragma('parallel-static')}}
    for (int panel = 0; panel < panels; panel++) {
        alignas(64) {{real}} packed_b[_DEPTH * _COLUMNS];
        alignas(64) {{real}} packed_a[_DEPTH * _ROWS];
        const int column = panel * _COLUMNS, width = std::min<int>(_COLUMNS, columns - column);
        for (int start = 0; start < depth; start += _DEPTH) {
            const int length = std::min<int>(_DEPTH, depth - start);
            for (int d = 0; d < length; d++)
                for (int j = 0; j < _COLUMNS; j++)
                    packed_b[d * _COLUMNS + j] = j < width ? b[(start + d) * b_depth + (column + j) * b_column] : {{real}}(0);
            for (int row = 0; row < rows; row += _ROWS) {
                const int height = std::min<int>(_ROWS, rows - row);
                for (int i = 0; i < _ROWS; i++)
                    for (int d = 0; d < length; d++)
                        packed_a[d * _ROWS + i] = i < height ? a[(row + i) * a_row + (start + d) * a_depth] : {{real}}(0);
                _vector sum[_ROWS][_VECTORS] = {};
                for (int d = 0; d < length; d++) {
                    const _vector* line = (const _vector*)(packed_b + d * _COLUMNS);
                    for (int i = 0; i < _ROWS; i++)
                        for (int v = 0; v < _VECTORS; v++)
                            sum[i][v] += packed_a[d * _ROWS + i] * line[v];
                }
                for (int i = 0; i < height; i++) {
                    {{real}}* target = c + (size_t)(row + i) * columns + column;
                    const {{real}}* result = (const {{real}}*)sum[i];
                    for (int j = 0; j < width; j++)
                        target[j] = (ADD || start > 0 ? target[j] : {{real}}(0)) + factor * result[j];
                }
            }
        }
    }
}
{% endmacro %}
