// SPDX-License-Identifier: Apache-2.0
#pragma once

// UniqueFd: owns one file descriptor.
//
// Closing is silent: a failed close(2) tells nothing that sync() has not told before, and Linux
// releases the number even then, so that retrying would close a stranger's file.

#include <unistd.h>

#include <utility>

namespace geode::os {

class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_(fd) {}
    ~UniqueFd() { reset(); }
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = other.release();
        }
        return *this;
    }

    /// Negative when empty.
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release() { return std::exchange(fd_, -1); }
    void reset() {
        if (fd_ >= 0) ::close(release());
    }

private:
    int fd_ = -1;
};

}  // namespace geode::os
