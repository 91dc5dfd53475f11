// SPDX-License-Identifier: Apache-2.0
#pragma once

// Pooled fiber stacks, each with a guard page below it.
//
// Boost's protected_fixedsize_stack maps and unmaps per fiber: 6 µs a spawn against 86 ns pooled
// (measured). Guards matter: without one an overflow corrupted the neighbour's stack and the wrong
// fiber was blamed. MADV_GUARD_INSTALL (Linux 6.13) needs no extra mapping per stack; mprotect is
// the fallback and limits a process to some 32,000 stacks (vm.max_map_count).
//
// The pool belongs to one Scheduler and thread. Memory is reserved in slabs and touched on use.

#include <cstddef>
#include <utility>
#include <vector>

namespace geode {

class StackPool {
public:
    /// `stack_bytes`: usable size and guard together, a multiple of the page size.
    explicit StackPool(std::size_t stack_bytes);
    /// Every stack must have been given back.
    ~StackPool();
    StackPool(const StackPool&) = delete;
    StackPool& operator=(const StackPool&) = delete;

    /// The lowest address of a stack of stack_bytes(); its first page is the guard.
    char* take();
    void give_back(char* stack) noexcept;
    std::size_t stack_bytes() const { return stack_bytes_; }

private:
    void grow();

    std::size_t stack_bytes_;
    std::vector<char*> free_;
    std::vector<std::pair<void*, std::size_t>> slabs_;
    std::size_t taken_ = 0;
};

}  // namespace geode
