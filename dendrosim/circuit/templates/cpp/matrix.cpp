{# The matrix product: C (rows x columns) = factor * A (rows x depth) B (depth x columns), or added to C.
   A and B are read with arbitrary strides, so that one product serves W, its transpose and outer products.
   It is the built-in kernel, or a BLAS where one was asked for (circuit/blas.py). #}
{% macro matrix_product(real) %}
#ifdef DENDROSIM_BLAS_INT
extern "C" void {{ "DENDROSIM_DGEMM" if real == "double" else "DENDROSIM_SGEMM" }}(
    int, int, int, DENDROSIM_BLAS_INT, DENDROSIM_BLAS_INT, DENDROSIM_BLAS_INT, {{real}}, const {{real}}*, DENDROSIM_BLAS_INT,
    const {{real}}*, DENDROSIM_BLAS_INT, {{real}}, {{real}}*, DENDROSIM_BLAS_INT);

template<bool ADD>
static void _matrix_product(const int rows, const int columns, const int depth, const {{real}} factor,
                            const {{real}}* a, const size_t a_row, const size_t a_depth,
                            const {{real}}* b, const size_t b_depth, const size_t b_column, {{real}}* c)
{
    const int by_rows = 101, as_it_is = 111, transposed = 112;
    {{ "DENDROSIM_DGEMM" if real == "double" else "DENDROSIM_SGEMM" }}(
        by_rows, a_depth == 1 ? as_it_is : transposed, b_column == 1 ? as_it_is : transposed, rows, columns, depth, factor,
        a, a_depth == 1 ? a_row : a_depth, b, b_column == 1 ? b_depth : b_column, ADD ? 1 : 0, c, columns);
}
#else
typedef {{real}} _vector __attribute__((vector_size(64), aligned(sizeof({{real}}))));
enum { _LANES = 64 / sizeof({{real}}), _VECTORS = 3, _COLUMNS = _LANES * _VECTORS, _ROWS = 8, _DEPTH = 256 };

// One row: stream B once, along its contiguous axis.
template<bool ADD>
static void _vector_product(const int columns, const int depth, const {{real}} factor, const {{real}}* __restrict a,
                            const {{real}}* __restrict b, const size_t b_depth, const size_t b_column, {{real}}* __restrict c)
{
    if (!ADD)
        std::fill(c, c + columns, {{real}}(0));
    if (b_depth == 1) {
        {{openmp_pragma('parallel-static')}}
        for (int j = 0; j < columns; j++) {
            {{real}} sum = 0;
            for (int d = 0; d < depth; d++)
                sum += a[d] * b[j * b_column + d];
            c[j] += factor * sum;
        }
        return;
    }
    for (int d = 0; d < depth; d++) {
        const {{real}} weight = factor * a[d];
        for (int j = 0; j < columns; j++)
            c[j] += weight * b[d * b_depth + j * b_column];
    }
}

// A tile of C in registers. Inlined with literal sizes, GCC spills the accumulators: keep it a function of its own.
__attribute__((noinline, noclone))
static void _tile(const int length, const {{real}}* __restrict packed_a, const {{real}}* __restrict packed_b,
                  _vector (&sum)[_ROWS][_VECTORS])
{
    _vector tile[_ROWS][_VECTORS] = {};
    for (int d = 0; d < length; d++) {
        const _vector* line = (const _vector*)(packed_b + d * _COLUMNS);
        for (int i = 0; i < _ROWS; i++)
            for (int v = 0; v < _VECTORS; v++)
                tile[i][v] += packed_a[d * _ROWS + i] * line[v];
    }
    std::memcpy(sum, tile, sizeof(tile));
}

// Panels are packed, because the inner loop must stream contiguous memory to keep the vector units busy.
template<bool ADD> __attribute__((noinline, noclone))
static void _matrix_product(const int rows, const int columns, const int depth, const {{real}} factor,
                            const {{real}}* __restrict a, const size_t a_row, const size_t a_depth,
                            const {{real}}* __restrict b, const size_t b_depth, const size_t b_column,
                            {{real}}* __restrict c)
{
    if (rows == 1 && a_depth == 1)
        return _vector_product<ADD>(columns, depth, factor, a, b, b_depth, b_column, c);
    const int panels = (columns + _COLUMNS - 1) / _COLUMNS, strips = (rows + _ROWS - 1) / _ROWS;
    static std::vector<{{real}}> packed_a;
    packed_a.resize((size_t)strips * _ROWS * _DEPTH);
    for (int start = 0; start < depth; start += _DEPTH) {
        const int length = std::min<int>(_DEPTH, depth - start);
        for (int strip = 0; strip < strips; strip++)
            for (int i = 0; i < _ROWS; i++)
                for (int d = 0; d < length; d++)
                    packed_a[((size_t)strip * _DEPTH + d) * _ROWS + i] = strip * _ROWS + i < rows
                        ? a[(strip * _ROWS + i) * a_row + (start + d) * a_depth] : {{real}}(0);
        {{openmp_pragma('parallel-static')}}
        for (int panel = 0; panel < panels; panel++) {
            alignas(64) {{real}} packed_b[_DEPTH * _COLUMNS];
            const int column = panel * _COLUMNS, width = std::min<int>(_COLUMNS, columns - column);
            if (b_column == 1)
                for (int d = 0; d < length; d++)
                    for (int j = 0; j < _COLUMNS; j++)
                        packed_b[d * _COLUMNS + j] = j < width ? b[(start + d) * b_depth + column + j] : {{real}}(0);
            else
                for (int j = 0; j < _COLUMNS; j++)
                    for (int d = 0; d < length; d++)
                        packed_b[d * _COLUMNS + j] =
                            j < width ? b[(start + d) * b_depth + (column + j) * b_column] : {{real}}(0);
            for (int strip = 0; strip < strips; strip++) {
                _vector sum[_ROWS][_VECTORS];
                _tile(length, packed_a.data() + (size_t)strip * _DEPTH * _ROWS, packed_b, sum);
                for (int i = 0; i < std::min<int>(_ROWS, rows - strip * _ROWS); i++) {
                    {{real}}* target = c + (size_t)(strip * _ROWS + i) * columns + column;
                    const {{real}}* result = (const {{real}}*)sum[i];
                    for (int j = 0; j < width; j++)
                        target[j] = (ADD || start > 0 ? target[j] : {{real}}(0)) + factor * result[j];
                }
            }
        }
    }
}
#endif
{% endmacro %}
