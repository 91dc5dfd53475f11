// SPDX-License-Identifier: Apache-2.0
#include "runtime/os/stream.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/assert.h"

namespace geode::os {
namespace {

/// Whatever breaks a stream ends it: callers reconnect, they do not distinguish.
Error broken(const char* call, int error) {
    return make_error(ErrorCode::closed, std::string(call) + ": " + std::strerror(error));
}

}  // namespace

Result<Progress> PlainStream::read(std::span<char> into) {
    GEODE_ASSERT(!into.empty());
    for (;;) {
        const ssize_t count = ::recv(fd_, into.data(), into.size(), 0);
        if (count >= 0) {
            const auto bytes = static_cast<std::size_t>(count);
            GEODE_ASSERT(bytes <= into.size());
            // A short read emptied the kernel's buffer.
            const bool drained = bytes > 0 && bytes < into.size();
            return Progress{bytes, drained ? Readiness::readable : Readiness::none};
        }
        if (errno == EAGAIN) return Progress{0, Readiness::readable};
        if (errno != EINTR) return broken("recv", errno);
    }
}

Result<Progress> PlainStream::write(std::string_view bytes) {
    GEODE_ASSERT(!bytes.empty());
    for (;;) {
        const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count >= 0) {
            const auto sent = static_cast<std::size_t>(count);
            GEODE_ASSERT(sent <= bytes.size());
            return Progress{sent, sent < bytes.size() ? Readiness::writable : Readiness::none};
        }
        if (errno == EAGAIN) return Progress{0, Readiness::writable};
        if (errno != EINTR) return broken("send", errno);
    }
}

}  // namespace geode::os
