// The kernels as a library that Python loads.

#include "host_cuda.h"

extern "C" void launch(
    Kernel kernel, const Job *job, unsigned grid_x, unsigned grid_y, unsigned block_x,
    unsigned block_y) {
    run(kernel, *job, {grid_x, grid_y}, {block_x, block_y});
}
