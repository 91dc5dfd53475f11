// SPDX-License-Identifier: Apache-2.0
#pragma once

// A client's fiber that speaks to nodes by hand: frames, and whatever is none.

#include <catch2/catch.hpp>
#include <memory>

#include "node/wire/client_codec.h"
#include "tests/sim/laboratory.h"

namespace geode::sim::test {

/// Runs `body` in a fiber of the first client until it has ended or `bound` has passed.
inline void run_in_client(Laboratory& lab, Duration bound, UniqueFunction<void(World&)> body) {
    World& world = lab.cluster().client_world(1);
    bool done = false;
    world.spawn("test", [&] {
        body(world);
        done = true;
    });
    lab.time_until(bound, [&] { return done; });
    REQUIRE(done);
}

/// Frames by hand over a connection of its own.
class RawConnection {
public:
    RawConnection(World& world, const Address& to)
        : world_(world),
          connection_(world.network().connect(to, world.deadline_in(seconds(5))).value()) {}

    void send(FunctionRef<void(wire::Request::Builder)> fill) {
        Bytes frame;
        wire::Scratch scratch;
        auto builder = scratch.builder();
        auto request = builder.initRoot<wire::Request>();
        request.setId(++sent_);
        fill(request);
        wire::append_frame(frame, builder);
        write(frame);
    }
    void write(BytesView bytes) {
        CHECK(connection_->write_all(bytes, world_.deadline_in(seconds(5))));
    }
    /// Whether the other end closes, or resets, within `bound`; drops what comes before.
    bool closed_within(Duration bound) {
        const MonoTime deadline = world_.deadline_in(bound);
        char buffer[4096];
        for (;;) {
            const auto got = connection_->read_some(buffer, deadline);
            if (!got) return got.code() == ErrorCode::closed;
            if (*got == 0) return true;
        }
    }

    World& world() { return world_; }
    Connection& connection() { return *connection_; }

private:
    World& world_;
    std::unique_ptr<Connection> connection_;
    std::uint64_t sent_ = 0;
};

}  // namespace geode::sim::test
