// SPDX-License-Identifier: Apache-2.0
#pragma once

// Fifo: a queue that allocates nothing in steady state.
//
// std::deque takes and returns 512-byte chunks as it rolls forward; this keeps one vector and
// reuses it whenever the queue runs empty, or moves the rest down once most of it is consumed.

#include <cstddef>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace geode::sim {

template <class T>
class Fifo {
public:
    bool empty() const { return head_ == items_.size(); }
    std::size_t size() const { return items_.size() - head_; }
    void push(T item) { items_.push_back(std::move(item)); }
    T& front() {
        GEODE_ASSERT(!empty());
        return items_[head_];
    }
    T& back() {
        GEODE_ASSERT(!empty());
        return items_.back();
    }
    T pop() {
        T item = std::move(front());
        if (++head_ == items_.size()) {
            clear();
        } else if (head_ >= 64 && head_ * 2 >= items_.size()) {
            items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
            head_ = 0;
        }
        return item;
    }
    void clear() {
        items_.clear();
        head_ = 0;
    }

private:
    std::vector<T> items_;
    std::size_t head_ = 0;
};

}  // namespace geode::sim
