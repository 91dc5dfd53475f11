// SPDX-License-Identifier: Apache-2.0
#include "node/client/channel.h"

namespace geode::node {
namespace {

// Well below the time after which a server closes an idle connection.
constexpr Duration idle_max = seconds(60);

}  // namespace

void Channel::drop() {
    frames_.reset();
    connection_.reset();
}

Result<void> Channel::connect(const Address& to, MonoTime deadline) {
    const bool fresh = world_.now() <= saturating_add(used_at_, idle_max);
    used_at_ = world_.now();
    if (connection_ != nullptr && connected_to_ == to && fresh) return {};
    drop();
    auto connection = world_.network().connect(to, deadline);
    if (!connection) {
        return make_error(ErrorCode::refused,
                          to.to_string() + ": " + connection.error().describe());
    }
    connection_ = *std::move(connection);
    frames_ = std::make_unique<wire::FrameReader>(*connection_);
    connected_to_ = to;
    return {};
}

Result<void> Channel::send(const Address& to, FunctionRef<void(wire::Request::Builder)> fill,
                           MonoTime deadline) {
    GEODE_TRY_VOID(connect(to, deadline));
    Bytes frame;
    {
        auto builder = scratch_.builder();
        auto request = builder.initRoot<wire::Request>();
        request.setId(next_id_);
        const Duration left = deadline - world_.now();
        request.setTimeoutNs(std::max<std::int64_t>(left.count(), 1));
        fill(request);
        if (!wire::fits_frame(builder)) {
            return make_error(ErrorCode::too_large, "the request does not fit a frame");
        }
        wire::append_frame(frame, builder);
    }
    Result<void> sent = connection_->write_all(frame, deadline);
    if (!sent) drop();
    return sent;
}

Result<void> Channel::receive(Take take, MonoTime deadline) {
    const std::uint64_t id = next_id_++;
    const Result<BytesView> frame = frames_->next(deadline);
    if (!frame) {
        drop();
        // Whatever is wrong with the answer says nothing about the request.
        if (frame.code() == ErrorCode::timed_out) return frame.error();
        return make_error(ErrorCode::closed, frame.error().describe());
    }
    std::optional<Error> refused;
    const auto handled =
        wire::read_message<wire::Response>(*frame, [&](wire::Response::Reader response) {
            if (response.getId() != id) {
                return Result<void>(make_error(ErrorCode::protocol_error, "an answer to nothing"));
            }
            if (response.which() == wire::Response::ERROR) {
                refused = server_error(response.getError());
                return Result<void>();
            }
            return take(response);
        });
    if (!handled) {
        drop();
        return handled.error();
    }
    if (refused.has_value()) return *std::move(refused);
    return {};
}

Error Channel::server_error(wire::Error::Reader error) {
    if (error.getLeaderAddress().size() > 0) {
        auto address = parse_address(wire::view(error.getLeaderAddress()));
        if (address) hint_ = *std::move(address);
    }
    const auto code = static_cast<ErrorCode>(error.getCode());
    // A code of a newer server: what it means for the request is not known.
    if (to_string(code) == "?") {
        return make_error(ErrorCode::unknown_outcome, wire::text(error.getMessage()));
    }
    return make_error(code, wire::text(error.getMessage()));
}

}  // namespace geode::node
