// Just enough of CUDA C++ for a C++ compiler to build kernels.cu and run it on the CPU, one thread
// after the other.

#pragma once

#include <math.h>

#include <algorithm>
#include <cstddef>

#define __global__
#define __device__

using std::max;
using std::min;

struct Index {
    unsigned x, y;
};

static Index blockIdx, blockDim, threadIdx;

#include "kernels.cu"

using Kernel = void (*)(Job);

static void run(Kernel kernel, const Job &job, Index grid, Index block) {
    blockDim = block;
    for (blockIdx.y = 0; blockIdx.y < grid.y; ++blockIdx.y) {
        for (blockIdx.x = 0; blockIdx.x < grid.x; ++blockIdx.x) {
            for (threadIdx.y = 0; threadIdx.y < block.y; ++threadIdx.y) {
                for (threadIdx.x = 0; threadIdx.x < block.x; ++threadIdx.x) {
                    kernel(job);
                }
            }
        }
    }
}
