// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/list_views.h"

#include <algorithm>

namespace geode::check::txn {
namespace {

constexpr std::uint32_t none = UINT32_MAX;

class ViewCheck {
public:
    explicit ViewCheck(const ListIndex& index)
        : index_(index),
          history_(index.history()),
          views_(index.keys()),
          reported_(history_.transactions.size(), none) {}

    std::vector<Anomaly> run() {
        for (reader_ = 0; reader_ < history_.transactions.size(); ++reader_) {
            if (history_.transactions[reader_].completion == Completion::ok) check_reader();
        }
        return std::move(anomalies_);
    }

private:
    /// The oldest version of a key that the current reader saw, and where it saw it last.
    struct View {
        std::uint32_t reader = none;
        std::uint32_t version = 0;
        std::uint32_t mop = 0;
    };

    /// Who made the version that a read ends in, or `none`.
    std::uint32_t writer_of(std::uint32_t mop) const {
        const Mop& read = history_.mops[mop];
        if (read.kind != MopKind::read_list || read.list_begin == read.list_end) return none;
        const auto key = index_.key_of(read);
        const std::uint32_t append = index_.find(key, history_.list_of(read).back());
        return append == no_append ? none : index_.append(append).transaction;
    }

    void check_reader();
    void compare(std::uint32_t saw, std::uint32_t writer);
    void report(std::uint32_t saw, const View& missed, const Mop& append, std::uint32_t writer);

    const ListIndex& index_;
    const TxnHistory& history_;
    std::vector<View> views_;              // per key
    std::vector<std::uint32_t> reported_;  // per writer: the last reader it was reported with
    std::vector<Anomaly> anomalies_;
    std::uint32_t reader_ = 0;
};

void ViewCheck::check_reader() {
    const Transaction& transaction = history_.transactions[reader_];
    for (std::uint32_t mop = transaction.mops_begin; mop < transaction.mops_end; ++mop) {
        if (history_.mops[mop].kind != MopKind::read_list || !index_.is_version(mop)) continue;
        if (writer_of(mop) == reader_) continue;
        View& view = views_[index_.key_of(history_.mops[mop])];
        const std::uint32_t version = index_.version_of(mop);
        if (view.reader == reader_ && view.version < version) continue;
        view = View{.reader = reader_, .version = version, .mop = mop};
    }
    for (std::uint32_t mop = transaction.mops_begin; mop < transaction.mops_end; ++mop) {
        const std::uint32_t writer = writer_of(mop);
        if (writer != none && writer != reader_ && !index_.failed(writer)) compare(mop, writer);
    }
}

/// Whether the reader missed any append of a transaction of which it saw one.
void ViewCheck::compare(std::uint32_t saw, std::uint32_t writer) {
    if (reported_[writer] == reader_) return;
    for (const Mop& mop : history_.mops_of(history_.transactions[writer])) {
        if (mop.kind != MopKind::append) continue;
        const std::uint32_t key = index_.key_of(mop);
        const View& view = views_[key];
        if (view.reader != reader_) continue;
        // One that no read saw is newer than every version.
        const std::uint32_t version = index_.append(index_.find(key, mop.value)).version;
        if (version != no_version && version <= view.version) continue;
        report(saw, view, mop, writer);
        return;
    }
}

void ViewCheck::report(std::uint32_t saw, const View& missed, const Mop& append,
                       std::uint32_t writer) {
    reported_[writer] = reader_;
    const std::string me = std::to_string(reader_);
    const std::string other = std::to_string(writer);
    const Mop& seen = history_.mops[saw];
    const std::string misses = me + ": " + describe(history_, history_.mops[missed.mop]) +
                               ", and so missed that " + other + " had " +
                               describe(history_, append);
    const std::string sees = other + " appended " +
                             history_.values.describe(history_.list_of(seen).back()) + " to key " +
                             history_.values.describe(seen.key) + ", and " + me +
                             " saw it: " + describe(history_, seen);
    anomalies_.push_back(Anomaly{
        .name = saw < missed.mop ? "monotonic-fractured-read" : "fractured-read",
        .words = misses + "; " + sees,
        .operations = {reader_, writer},
        .steps = {WitnessStep{.from = reader_, .to = writer, .relation = "rw", .words = misses},
                  WitnessStep{.from = writer, .to = reader_, .relation = "wr", .words = sees}}});
}

}  // namespace

std::vector<Anomaly> find_fractured_reads(const ListIndex& index) {
    return ViewCheck(index).run();
}

}  // namespace geode::check::txn
