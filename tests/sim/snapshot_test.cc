// SPDX-License-Identifier: Apache-2.0

// Snapshot streams over bad links and from a leader that repeats itself.

#include "graph/keys.h"
#include "node/wire/raft_codec.h"
#include "tests/sim/raw_connection.h"

using namespace geode;
using namespace geode::sim;
using geode::sim::test::Laboratory;
using geode::sim::test::RawConnection;
using geode::sim::test::run_in_client;

namespace {

constexpr raft::SnapshotId snapshot_id{LogIndex(50), Term(3)};

/// The record of a state that stands at snapshot_id and holds nothing.
Bytes empty_state() {
    const Bytes key = {graph::meta_prefix, 'a'};
    Bytes piece;
    append_little(piece, static_cast<std::uint32_t>(key.size()));
    append_little(piece, std::uint32_t{16});
    piece += key;
    append_little(piece, snapshot_id.index.value());
    append_little(piece, snapshot_id.term.value());
    return piece;
}

/// Plays n2, the leader of a term, towards n1; n3 is down. Runs in c1, which n1 takes for n2.
class FakeLeader {
public:
    static void redirect(node::NodeOptions& options) {
        options.members[NodeId(2)].cluster = Address{"c1", 3142};
    }

    explicit FakeLeader(World& world)
        : world_(world),
          listener_(world.network().listen({"c1", 3142}).value()),
          outgoing_(world, Address{"n1", 3142}) {
        wire::append_hello(bytes_, scratch_, {"sim", NodeId(2), NodeId(1)});
        outgoing_.write(bytes_);
    }

    void send(std::uint64_t stream, std::uint64_t sequence, Bytes chunk, bool done = false) {
        raft::Message message;
        message.type = raft::MessageType::snapshot_chunk;
        message.from = NodeId(2);
        message.to = NodeId(1);
        message.term = Term(1000);
        message.snapshot = snapshot_id;
        message.chunk_stream = stream;
        message.chunk_sequence = sequence;
        message.chunk = std::make_shared<const Bytes>(std::move(chunk));
        message.chunk_done = done;
        bytes_.clear();
        wire::append_raft_message(bytes_, scratch_, message);
        outgoing_.write(bytes_);
    }

    /// What n1 has acknowledged within a while: "1:0 ok, 1:1 installed, 2:5 refused".
    std::string answers() {
        std::string text;
        if (incoming_ == nullptr) {
            // It connects when it has something to say, at the latest to ask for votes.
            incoming_ = listener_->accept().value();
            frames_ = std::make_unique<wire::FrameReader>(*incoming_);
            CHECK(frames_->next(world_.deadline_in(seconds(1))).has_value());  // its Hello
        }
        const MonoTime deadline = world_.deadline_in(milliseconds(200));
        for (;;) {
            const Result<BytesView> frame = frames_->next(deadline);
            if (!frame) return text;
            const raft::Message message = wire::read_raft_message(*frame).value();
            if (message.type != raft::MessageType::snapshot_ack) continue;
            text += (text.empty() ? "" : ", ") + std::to_string(message.chunk_stream) + ":" +
                    std::to_string(message.chunk_sequence) +
                    (message.reject       ? " refused"
                     : message.chunk_done ? " installed"
                                          : " ok");
        }
    }

private:
    World& world_;
    std::unique_ptr<Listener> listener_;
    RawConnection outgoing_;
    std::unique_ptr<Connection> incoming_;
    std::unique_ptr<wire::FrameReader> frames_;
    Bytes bytes_;
    wire::Scratch scratch_;
};

void with_fake_leader(FunctionRef<void(FakeLeader&)> body) {
    Laboratory lab(1, 3, 1, default_knobs(), FakeLeader::redirect);
    lab.cluster().server(1).boot();
    lab.cluster().boot_clients();
    run_in_client(lab, seconds(60), [&](World& world) {
        FakeLeader leader(world);
        body(leader);
    });
    CHECK(lab.cluster().finding().value_or("") == "");
}

}  // namespace

TEST_CASE("snapshot: a last chunk that comes twice is answered twice", "[fast]") {
    with_fake_leader([](FakeLeader& leader) {
        leader.send(7, 0, empty_state());
        CHECK(leader.answers() == "7:0 ok");
        leader.send(7, 1, {}, true);
        leader.send(7, 1, {}, true);  // before the first can have been answered
        CHECK(leader.answers() == "7:1 installed, 7:1 installed");
    });
}

TEST_CASE("snapshot: chunks of two streams of one snapshot are never mixed", "[fast]") {
    with_fake_leader([](FakeLeader& leader) {
        const Bytes state = empty_state();
        leader.send(7, 0, {});
        CHECK(leader.answers() == "7:0 ok");
        // The same sender begins anew, cutting otherwise.
        leader.send(8, 0, state);
        leader.send(7, 1, "of the older stream, and no record");
        leader.send(7, 0, {});
        leader.send(8, 1, {}, true);
        CHECK(leader.answers() == "8:0 ok, 8:1 installed");
    });
}

TEST_CASE("snapshot: a gap waits for its repetition, a lost beginning is refused", "[fast]") {
    with_fake_leader([](FakeLeader& leader) {
        leader.send(7, 1, {});
        leader.send(7, 2, {}, true);
        CHECK(leader.answers() == "");
        leader.send(7, 0, empty_state());
        leader.send(7, 2, {}, true);
        CHECK(leader.answers() == "7:0 ok");
        leader.send(8, 5, {});
        leader.send(8, 6, {});
        CHECK(leader.answers() == "");
        leader.send(8, 5, {});
        leader.send(8, 6, {});
        CHECK(leader.answers() == "8:5 refused");
        leader.send(7, 1, {});
        leader.send(7, 2, {}, true);
        CHECK(leader.answers() == "7:1 ok, 7:2 installed");
    });
}

TEST_CASE("snapshot: a slow link needs one stream, however fast the log is compacted", "[fast]") {
    Knobs knobs = default_knobs();
    knobs.think_time_mean = milliseconds(10);
    knobs.compact_entries = 50;
    knobs.compact_keep_entries = 0;
    knobs.snapshot_chunk_bytes = 16 << 10;
    Laboratory lab(1, 3, 2, knobs);
    const NodeId leader = lab.boot_and_elect();
    const NodeId slow(1 + leader.value() % 3);
    lab.simulation().node(slow).crash();
    lab.cluster().boot_clients();
    run_in_client(lab, seconds(60), [&](World& world) {
        node::Client client(world, lab.cluster().client_options(1));
        Prng prng(1);
        for (std::uint64_t id = 1000; id < 1100; ++id) {
            graph::Vertex vertex;
            vertex.id = VertexId(id);
            vertex.properties.emplace("text", graph::Value(std::string(10'000, 'x')));
            CHECK(client.write(graph::PutVertex{vertex}, world.deadline_in(seconds(5))));
        }
    });
    int streams = 0;
    lab.watch([&](const TraceRecord& record) { streams += record.name == "snapshot.send"; });
    // A megabyte takes two seconds, in which the clients fill several compactions.
    lab.simulation().network().set_bandwidth(leader, slow, 500'000);
    lab.simulation().node(slow).boot();
    lab.start_clients();
    lab.run_for(seconds(10));
    const auto applied = [&](NodeId node) {
        return lab.cluster().node_of(node.value())->status().applied.value();
    };
    CHECK(streams == 1);
    CHECK(applied(leader) > 500);
    CHECK(applied(slow) + 50 > applied(leader));
    lab.simulation().network().set_bandwidth(leader, slow, 0);
    lab.conclude(seconds(2));
}
