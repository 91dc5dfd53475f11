// SPDX-License-Identifier: Apache-2.0
#include "runtime/stack_pool.h"

#include <sys/mman.h>

#include "base/assert.h"

#if defined(__SANITIZE_ADDRESS__)
#define GEODE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GEODE_ASAN 1
#endif
#endif
#if defined(GEODE_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace geode {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t stacks_per_slab = 64;
constexpr int madv_guard_install = 102;  // absent from Debian 12's headers

void install_guard(char* page) {
    if (::madvise(page, page_bytes, madv_guard_install) == 0) return;
    GEODE_ASSERT_MSG(::mprotect(page, page_bytes, PROT_NONE) == 0,
                     "too many fiber stacks for vm.max_map_count");
}

}  // namespace

StackPool::StackPool(std::size_t stack_bytes) : stack_bytes_(stack_bytes) {
    GEODE_ASSERT(stack_bytes % page_bytes == 0);
    GEODE_ASSERT(stack_bytes > 2 * page_bytes);
}

StackPool::~StackPool() {
    GEODE_ASSERT(taken_ == 0);
    for (const auto& [start, length] : slabs_) ::munmap(start, length);
}

void StackPool::grow() {
    const std::size_t length = stack_bytes_ * stacks_per_slab;
    void* slab = ::mmap(nullptr, length, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    GEODE_ASSERT_MSG(slab != MAP_FAILED, "no memory for fiber stacks");
    // A huge page would make every stack resident whole.
    ::madvise(slab, length, MADV_NOHUGEPAGE);
    slabs_.emplace_back(slab, length);
    for (std::size_t i = stacks_per_slab; i-- > 0;) {
        char* stack = static_cast<char*>(slab) + i * stack_bytes_;
        install_guard(stack);
        free_.push_back(stack);
    }
}

char* StackPool::take() {
    if (free_.empty()) grow();
    char* stack = free_.back();
    free_.pop_back();
    ++taken_;
    return stack;
}

void StackPool::give_back(char* stack) noexcept {
    GEODE_ASSERT(taken_ > 0);
    --taken_;
#if defined(GEODE_ASAN)
    // Frames left behind by the ended fiber may have poisoned their redzones.
    __asan_unpoison_memory_region(stack + page_bytes, stack_bytes_ - page_bytes);
#endif
    free_.push_back(stack);
}

}  // namespace geode
