// SPDX-License-Identifier: Apache-2.0
#pragma once

// Channel: one client connection, one request at a time.
//
// Keeps its connection while calls go to the same address and succeed; any failure of the
// transport drops it, and so does a minute without a call: the other end may have closed it, and
// a request sent there would be lost without anybody knowing. A call that fails before its request
// was handed to the connection returns `refused`, so that the caller knows it cannot have been
// carried out.

#include <memory>
#include <optional>

#include "node/wire/client_codec.h"
#include "runtime/world.h"

namespace geode::node {

class Channel {
public:
    explicit Channel(World& world) : world_(world) {}
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    /// Sends one request to `to` and runs `use` over its response. Suspends. Errors: `refused`
    /// and `too_large` (never sent), `timed_out`, `closed`, `protocol_error` (also for any error of
    /// `use`), and the server's own error, whose leader hint is kept.
    template <class Value>
    Result<Value> call(const Address& to, FunctionRef<void(wire::Request::Builder)> fill,
                       FunctionRef<Result<Value>(wire::Response::Reader)> use, MonoTime deadline) {
        hint_.reset();
        GEODE_TRY_VOID(send(to, fill, deadline));
        Result<Value> result = make_error(ErrorCode::closed);
        const auto take = [&](wire::Response::Reader response) -> Result<void> {
            result = use(response);
            return {};
        };
        const Result<void> received = receive(take, deadline);
        if (!received) return received.error();
        // An answer that we cannot read says nothing about the request.
        if (!result) return make_error(ErrorCode::protocol_error, result.error().describe());
        return result;
    }

    /// Where the last answer said that the leader is.
    const std::optional<Address>& leader_hint() const { return hint_; }

private:
    using Take = FunctionRef<Result<void>(wire::Response::Reader)>;
    Result<void> connect(const Address& to, MonoTime deadline);
    Result<void> send(const Address& to, FunctionRef<void(wire::Request::Builder)> fill,
                      MonoTime deadline);
    Result<void> receive(Take take, MonoTime deadline);
    Error server_error(wire::Error::Reader error);
    void drop();

    World& world_;
    std::unique_ptr<Connection> connection_;
    std::unique_ptr<wire::FrameReader> frames_;
    Address connected_to_;
    MonoTime used_at_;
    std::optional<Address> hint_;
    std::uint64_t next_id_ = 1;
    wire::Scratch scratch_;
};

}  // namespace geode::node
