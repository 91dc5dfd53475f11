// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/rw_histories.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/prng.h"

namespace geode::bench {
namespace {

using check::Completion;
using check::nil_value;
using check::ValueId;
using check::txn::TxnHistory;
using check::txn::TxnHistoryBuilder;

// How many commits a stale snapshot is further behind than it has to be, at most.
constexpr std::uint64_t stale_commits_more = 50;

class RwDatabase {
public:
    RwDatabase(const RwShape& shape, std::uint64_t seed)
        : shape_(shape), random_(seed), versions_(shape.keys), clients_(shape.sessions) {
        for (std::uint32_t client = 0; client < shape.sessions; ++client) {
            clients_[client].process = client;
        }
    }

    TxnHistory run() && {
        while (ended_ < shape_.transactions) {
            Client& client = clients_[random_.below(clients_.size())];
            client.running ? end(client) : begin(client);
        }
        return std::move(builder_).finish();
    }

private:
    struct Version {
        std::uint64_t commit;
        std::int64_t value;
    };
    struct Operation {
        bool writes;
        std::uint32_t key;
        std::int64_t value;
    };
    struct Client {
        std::int64_t process = 0;
        bool running = false;
        std::uint64_t snapshot = 0;
        std::vector<Operation> operations;
    };

    std::int64_t value_at(std::uint32_t key, std::uint64_t snapshot) const {
        const std::vector<Version>& versions = versions_[key];
        for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
            if (version->commit <= snapshot) return version->value;
        }
        return 0;
    }

    void begin(Client& client) {
        client.running = true;
        client.snapshot = commits_;
        if (random_.chance(shape_.stale_permille, 1000)) {
            client.snapshot -= std::min<std::uint64_t>(
                client.snapshot, shape_.stale_commits + random_.below(stale_commits_more));
        }
        client.operations.clear();
        for (std::uint32_t left = shape_.operations; left > 0; --left) {
            const bool writes = !random_.chance(shape_.read_percent, 100);
            client.operations.push_back(
                {.writes = writes,
                 .key = static_cast<std::uint32_t>(random_.below(shape_.keys)),
                 .value = writes ? next_value_++ : 0});
        }
        if (!shape_.timed) return;
        put(client, false);
        const auto begun = builder_.begin(client.process);
        GEODE_ASSERT(begun.has_value());
    }

    void put(const Client& client, bool known) {
        for (const Operation& operation : client.operations) {
            const ValueId key = builder_.values().integer(operation.key);
            const ValueId value =
                operation.value == 0 ? nil_value : builder_.values().integer(operation.value);
            if (operation.writes) {
                builder_.write(key, value);
            } else if (known) {
                builder_.read(key, value);
            } else {
                builder_.read_unknown(key, check::txn::MopKind::read);
            }
        }
    }

    /// A read sees what its transaction wrote before, or else its snapshot.
    void answer(Client& client) {
        for (auto operation = client.operations.begin(); operation != client.operations.end();
             ++operation) {
            if (operation->writes) continue;
            const auto before = std::make_reverse_iterator(operation);
            const auto own = std::find_if(before, client.operations.rend(), [&](const auto& other) {
                return other.writes && other.key == operation->key;
            });
            operation->value = own != client.operations.rend()
                                   ? own->value
                                   : value_at(operation->key, client.snapshot);
        }
    }

    bool conflicts(const Client& client) const {
        for (const Operation& operation : client.operations) {
            const bool matters = operation.writes || shape_.promise == Promise::strict_serializable;
            const std::vector<Version>& versions = versions_[operation.key];
            if (matters && !versions.empty() && versions.back().commit > client.snapshot) {
                return true;
            }
        }
        return false;
    }

    void end(Client& client) {
        client.running = false;
        answer(client);
        Completion completion =
            conflicts(client) && !stale(client) ? Completion::fail : Completion::ok;
        if (completion == Completion::ok) {
            ++commits_;
            for (const Operation& operation : client.operations) {
                if (operation.writes) {
                    versions_[operation.key].push_back({commits_, operation.value});
                }
            }
            if (random_.chance(shape_.unknown_permille, 1000)) completion = Completion::unknown;
        }
        put(client, completion == Completion::ok);
        const auto done = shape_.timed ? builder_.end(client.process, completion, ended_)
                                       : builder_.add(client.process, completion, ended_);
        GEODE_ASSERT(done.has_value());
        if (completion != Completion::fail) ++ended_;
        if (completion == Completion::unknown) client.process += shape_.sessions;
    }

    bool stale(const Client& client) const {
        return shape_.stale_permille > 0 && client.snapshot + shape_.stale_commits < commits_;
    }

    const RwShape shape_;
    Prng random_;
    std::vector<std::vector<Version>> versions_;
    std::vector<Client> clients_;
    TxnHistoryBuilder builder_;
    std::uint64_t commits_ = 0;
    std::int64_t next_value_ = 1;
    std::uint32_t ended_ = 0;
};

}  // namespace

TxnHistory make_rw_history(const RwShape& shape, std::uint64_t seed) {
    return RwDatabase(shape, seed).run();
}

}  // namespace geode::bench
