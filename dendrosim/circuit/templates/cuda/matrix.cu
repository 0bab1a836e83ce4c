{# The matrix product on the GPU, in shared-memory tiles: C (rows x columns) = kept * base + factor * A (rows x depth) B (depth x columns).
   A and B are read with arbitrary strides, so that one kernel serves W, its transpose and outer products. The base is
   read with a row stride of its own: a bias (stride 0), C itself (to add to it; stride `columns`), or nothing (null). #}
{% macro matrix_product(real) %}
enum { _TILE = 16 };

__global__ void _matrix_product(const int rows, const int columns, const int depth, const {{real}} factor,
                                const {{real}}* a, const size_t a_row, const size_t a_depth,
                                const {{real}}* b, const size_t b_depth, const size_t b_column,
                                const {{real}} kept, const {{real}}* base, const size_t base_row, {{real}}* c)
{
    // The extra column keeps threads that read down a tile out of each other's memory banks.
    __shared__ {{real}} tile_a[_TILE][_TILE + 1], tile_b[_TILE][_TILE + 1];
    const int x = threadIdx.x, y = threadIdx.y;
    const int first_row = blockIdx.y * _TILE, first_column = blockIdx.x * _TILE;
    // Neighbouring threads load neighbouring numbers, along whichever axis is contiguous.
    const int load_row = a_depth == 1 ? y : x, a_along = a_depth == 1 ? x : y;
    const int load_column = b_column == 1 ? x : y, b_along = b_column == 1 ? y : x;
    {{real}} sum = 0;
    for (int start = 0; start < depth; start += _TILE) {
        tile_a[load_row][a_along] = first_row + load_row < rows && start + a_along < depth
            ? a[(first_row + load_row) * a_row + (start + a_along) * a_depth] : {{real}}(0);
        tile_b[b_along][load_column] = first_column + load_column < columns && start + b_along < depth
            ? b[(start + b_along) * b_depth + (first_column + load_column) * b_column] : {{real}}(0);
        __syncthreads();
        for (int k = 0; k < _TILE; k++)
            sum += tile_a[y][k] * tile_b[k][x];
        __syncthreads();
    }
    const int row = first_row + y, column = first_column + x;
    if (row < rows && column < columns)
        c[(size_t)row * columns + column] = (base ? kept * base[row * base_row + column] : {{real}}(0)) + factor * sum;
}

// The same arguments as the kernel.
static void _multiply(const int rows, const int columns, const int depth, const {{real}} factor,
                      const {{real}}* a, const size_t a_row, const size_t a_depth,
                      const {{real}}* b, const size_t b_depth, const size_t b_column,
                      const {{real}} kept, const {{real}}* base, const size_t base_row, {{real}}* c)
{
    if (rows == 0 || columns == 0)
        return;  // a sequence of one step has no rows a lag apart
    const dim3 threads(_TILE, _TILE), blocks((columns + _TILE - 1) / _TILE, (rows + _TILE - 1) / _TILE);
    _matrix_product<<<blocks, threads>>>(rows, columns, depth, factor, a, a_row, a_depth,
                                         b, b_depth, b_column, kept, base, base_row, c);
    CUDA_CHECK_ERROR("_matrix_product");
}
{% endmacro %}
