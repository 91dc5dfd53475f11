; SPDX-License-Identifier: Apache-2.0
(ns geode.jepsen.append
  "Transactions that append to lists and read them, judged by Elle at strict serializability.

  The property `list` of the vertex with the key's number. `geode-jepsen client` makes each
  transaction of reads and one atomic batch; what was aborted is :fail, and is not tried again."
  (:require [geode.jepsen.db :as gdb]
            [geode.jepsen.lines :as lines]
            [jepsen.client :as client]
            [jepsen.tests.cycle.append :as append]))

(defn words
  "The request of a transaction: [[:append 8 1] [:r 9 nil]] is txn append 8 1 r 9."
  [txn]
  (cons :txn (mapcat (fn [[f k v]] (if (= :append f) [:append k v] [:r k])) txn)))

(defrecord AppendClient [lines]
  client/Client
  (open! [this test _node]
    (assoc this :lines (lines/open (:geode-jepsen test) (map gdb/endpoint (:nodes test)))))
  (setup! [_ _test])
  (invoke! [_ _test op]
    (let [[_ value :as answer] (apply lines/request! lines (words (:value op)))]
      (lines/complete op answer value :aborted)))
  (teardown! [_ _test])
  (close! [_ _test] (lines/close! lines)))

(defn workload [_opts]
  (assoc (append/test {:key-count          4
                       :min-txn-length     1
                       :max-txn-length     4
                       :max-writes-per-key 64
                       :consistency-models [:strict-serializable]})
         :client (AppendClient. nil)))
