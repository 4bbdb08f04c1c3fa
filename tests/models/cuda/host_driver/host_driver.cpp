// A CUDA driver whose device is the host: enough of libcuda for the fast path and its bindings.
//
// It is lazy and strict. Work on a stream runs only when somebody waits for the stream, so whoever
// reads too early, or writes to a buffer that is still needed, gets wrong bytes. Asynchronous copies
// take page-locked memory alone. What was not given back when the context goes is counted.

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "../host_cuda.h"

namespace {

enum Result {
    success = 0,
    invalid_value = 1,
    out_of_memory = 2,
    no_device = 101,
    invalid_context = 201,
    not_found = 500,
    already_registered = 712,
    launch_failed = 719,
    capture_unsupported = 900,
    capture_invalidated = 901,
};

using Address = unsigned long long;
using Work = std::vector<std::function<void()>>;

struct Stream {
    Work queued;
    Work captured;
    bool capturing = false, invalidated = false;
};

struct Host {
    int references = 0, left_behind = 0;
    int allocations_left = -1;  // before memory runs out; -1 for ever
    bool lost = false;
    bool current = false;
    std::map<Address, size_t> device_memory, page_locked, registered;
    int streams = 0, modules = 0, graphs = 0;
} host;

bool usable() { return host.current && host.references > 0; }

void enqueue(Stream *stream, std::function<void()> work) {
    (stream->capturing ? stream->captured : stream->queued).push_back(std::move(work));
}

bool holds(const std::map<Address, size_t> &memory, Address first, size_t size) {
    for (const auto &[begin, length] : memory) {
        if (begin <= first && first + size <= begin + length) {
            return true;
        }
    }
    return false;
}

bool is_page_locked(const void *first, size_t size) {
    const auto address = reinterpret_cast<Address>(first);
    return holds(host.page_locked, address, size) || holds(host.registered, address, size);
}

Result allocate(std::map<Address, size_t> &memory, Address *address, size_t size) {
    if (!usable()) {
        return invalid_context;
    }
    if (host.allocations_left == 0) {
        return out_of_memory;
    }
    host.allocations_left -= host.allocations_left > 0;
    *address = reinterpret_cast<Address>(std::malloc(size));
    memory[*address] = size;
    return success;
}

Result release(std::map<Address, size_t> &memory, Address address) {
    if (!usable() || memory.erase(address) == 0) {
        return invalid_context;
    }
    std::free(reinterpret_cast<void *>(address));
    return success;
}

}  // namespace

extern "C" {

// What the tests set and ask.
void host_limit_allocations(int count) { host.allocations_left = count; }
void host_lose_device(bool lost) { host.lost = lost; }
int host_left_behind() { return host.left_behind; }
bool host_is_current() { return host.current; }

int cuInit(unsigned) { return success; }
int cuDriverGetVersion(int *version) {
    *version = 13000;
    return success;
}
int cuDeviceGet(int *device, int index) {
    *device = index;
    return index == 0 ? success : no_device;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
    const int major = 75, minor = 76;  // of the compute capability, in cuda.h's numbering
    if (device != 0 || (attribute != major && attribute != minor)) {
        return invalid_value;
    }
    *value = attribute == major ? 7 : 5;
    return success;
}

int cuDevicePrimaryCtxRetain(void **context, int) {
    if (host.allocations_left == 0) {
        return out_of_memory;
    }
    host.allocations_left -= host.allocations_left > 0;
    *context = &host;
    ++host.references;
    return success;
}
int cuDevicePrimaryCtxRelease_v2(int) {
    if (--host.references == 0) {
        host.left_behind += host.device_memory.size() + host.page_locked.size() +
                            host.registered.size() + host.streams + host.modules + host.graphs;
    }
    return success;
}
int cuCtxPushCurrent_v2(void *) {
    host.current = true;
    return success;
}
int cuCtxPopCurrent_v2(void **) {
    host.current = false;
    return success;
}

int cuMemAlloc_v2(Address *address, size_t size) {
    return allocate(host.device_memory, address, size);
}
int cuMemFree_v2(Address address) { return release(host.device_memory, address); }
int cuMemHostAlloc(Address *address, size_t size, unsigned) {
    return allocate(host.page_locked, address, size);
}
int cuMemFreeHost(Address address) { return release(host.page_locked, address); }
int cuMemHostRegister_v2(Address address, size_t size, unsigned) {
    if (!usable()) {
        return invalid_context;
    }
    return host.registered.emplace(address, size).second ? success : already_registered;
}
int cuMemHostUnregister(Address address) {
    return usable() && host.registered.erase(address) ? success : invalid_value;
}

int cuMemcpyHtoDAsync_v2(Address target, const void *source, size_t size, Stream *stream) {
    if (!usable() || !is_page_locked(source, size) || !holds(host.device_memory, target, size)) {
        return invalid_value;
    }
    enqueue(stream, [=] { std::memcpy(reinterpret_cast<void *>(target), source, size); });
    return success;
}
int cuMemcpyDtoHAsync_v2(void *target, Address source, size_t size, Stream *stream) {
    if (!usable() || !is_page_locked(target, size) || !holds(host.device_memory, source, size)) {
        return invalid_value;
    }
    enqueue(stream, [=] { std::memcpy(target, reinterpret_cast<void *>(source), size); });
    return success;
}
int cuMemcpyDtoDAsync_v2(Address target, Address source, size_t size, Stream *stream) {
    if (!usable() || !holds(host.device_memory, target, size)) {
        return invalid_value;
    }
    enqueue(stream, [=] {
        std::memcpy(reinterpret_cast<void *>(target), reinterpret_cast<void *>(source), size);
    });
    return success;
}

int cuStreamCreate(Stream **stream, unsigned) {
    if (!usable()) {
        return invalid_context;
    }
    *stream = new Stream;
    ++host.streams;
    return success;
}
int cuStreamDestroy_v2(Stream *stream) {
    if (!usable()) {
        return invalid_context;
    }
    delete stream;
    --host.streams;
    return success;
}
int cuStreamSynchronize(Stream *stream) {
    if (stream->capturing) {
        stream->invalidated = true;
        return capture_unsupported;
    }
    if (host.lost || !usable()) {
        return launch_failed;
    }
    for (const auto &work : std::exchange(stream->queued, {})) {
        work();
    }
    return success;
}

int cuStreamBeginCapture_v2(Stream *stream, int) {
    stream->capturing = true;
    stream->captured.clear();
    return host.lost ? launch_failed : success;
}
int cuStreamEndCapture(Stream *stream, Work **graph) {
    stream->capturing = false;
    *graph = nullptr;
    if (std::exchange(stream->invalidated, false)) {
        return capture_invalidated;
    }
    *graph = new Work(std::exchange(stream->captured, {}));
    ++host.graphs;
    return success;
}
int cuGraphInstantiateWithFlags(Work **executable, Work *graph, unsigned long long) {
    *executable = new Work(*graph);
    ++host.graphs;
    return success;
}
int cuGraphLaunch(Work *executable, Stream *stream) {
    if (host.lost) {
        return launch_failed;
    }
    enqueue(stream, [work = *executable] {
        for (const auto &each : work) {
            each();
        }
    });
    return success;
}
int cuGraphDestroy(Work *graph) {
    delete graph;
    --host.graphs;
    return success;
}
int cuGraphExecDestroy(Work *executable) { return cuGraphDestroy(executable); }

int cuModuleLoadData(void **module, const void *) {
    if (!usable()) {
        return invalid_context;
    }
    *module = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    ++host.modules;
    return success;
}
int cuModuleUnload(void *) {
    if (!usable()) {
        return invalid_context;
    }
    --host.modules;
    return success;
}
int cuModuleGetFunction(Kernel *function, void *module, const char *name) {
    *function = reinterpret_cast<Kernel>(dlsym(module, name));
    return *function == nullptr ? not_found : success;
}
int cuLaunchKernel(
    Kernel kernel, unsigned grid_x, unsigned grid_y, unsigned, unsigned block_x, unsigned block_y,
    unsigned, unsigned, Stream *stream, void **parameters, void **) {
    if (!usable()) {
        return invalid_context;
    }
    Job job;
    std::memcpy(&job, parameters[0], sizeof job);
    enqueue(stream, [=] { run(kernel, job, {grid_x, grid_y}, {block_x, block_y}); });
    return success;
}

// How cuda-bindings finds all the others; those that are not here are reported as missing.
int cuGetProcAddress_v2(
    const char *name, void **function, int, unsigned long long, int *found) {
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    *function = nullptr;
    for (const char *suffix : {"WithFlags", "_v2", ""}) {
        if (*function == nullptr) {
            *function = dlsym(library, (std::string(name) + suffix).c_str());
        }
    }
    if (found != nullptr) {
        *found = *function == nullptr;
    }
    return success;
}
}
