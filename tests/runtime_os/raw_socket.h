// SPDX-License-Identifier: Apache-2.0
#pragma once

// Plain sockets for what a well-behaved peer never does: not accepting, resetting, not reading.

#include <arpa/inet.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <vector>

#include "runtime/os/unique_fd.h"
#include "runtime/world.h"

namespace geode::os::test {

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// Connects, blocking unless `flags` says otherwise.
inline UniqueFd raw_connect(std::uint16_t port, int flags = 0) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    const sockaddr_in address = loopback(port);
    const int status =
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    CHECK((status == 0 || flags != 0));
    return fd;
}

/// Closes with a reset instead of an orderly end.
inline void raw_reset(UniqueFd fd) {
    const linger now{1, 0};
    CHECK(::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0);
}

/// Bound at loopback; listening with `backlog`, or not at all if that is negative.
class RawListener {
public:
    explicit RawListener(int backlog) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address = loopback(0);
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(fd_.get(), generic, sizeof address) == 0);
        if (backlog >= 0) REQUIRE(::listen(fd_.get(), backlog) == 0);
        socklen_t length = sizeof address;
        REQUIRE(::getsockname(fd_.get(), generic, &length) == 0);
        port_ = ntohs(address.sin_port);
    }
    Address address() const { return {"127.0.0.1", port_}; }
    std::uint16_t port() const { return port_; }

    /// Makes further connects hang: Linux drops what does not fit into the backlog.
    std::vector<UniqueFd> fill_backlog() const {
        std::vector<UniqueFd> fillers;
        for (int count = 0; count < 4; ++count) {
            fillers.push_back(raw_connect(port_, SOCK_NONBLOCK));
        }
        ::usleep(2000);
        return fillers;
    }

private:
    UniqueFd fd_;
    std::uint16_t port_ = 0;
};

/// What connecting anywhere answers now, outside a fiber: only meaningful on a stopped World.
inline std::optional<ErrorCode> code_of_connect(World& world) {
    const auto result = world.network().connect({"127.0.0.1", 1}, never);
    if (result) return std::nullopt;
    return result.code();
}

}  // namespace geode::os::test
