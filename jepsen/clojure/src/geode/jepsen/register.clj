; SPDX-License-Identifier: Apache-2.0
(ns geode.jepsen.register
  "Linearizable registers: reads, writes and compare-and-sets on many keys, one after another.

  The property `value` of the vertex with the key's number; absent, nil, at first."
  (:require [geode.jepsen.db :as gdb]
            [geode.jepsen.lines :as lines]
            [jepsen.checker :as checker]
            [jepsen.checker.timeline :as timeline]
            [jepsen.client :as client]
            [jepsen.generator :as gen]
            [jepsen.independent :as independent]
            [knossos.model :as model]))

(defrecord RegisterClient [lines]
  client/Client
  (open! [this test _node]
    ; Every client knows every node, and follows the leader.
    (assoc this :lines (lines/open (:geode-jepsen test) (map gdb/endpoint (:nodes test)))))
  (setup! [_ _test])
  (invoke! [_ _test op]
    (let [[k v] (:value op)]
      (case (:f op)
        :read  (let [[_ seen :as answer] (lines/request! lines :read k)]
                 ; A read that failed has no effect, whatever became of it.
                 (lines/complete op (if (= :unknown (first answer)) [:fail seen] answer)
                                 (independent/tuple k seen)))
        :write (lines/complete op (lines/request! lines :write k v))
        :cas   (let [[old new] v]
                 (lines/complete op (lines/request! lines :cas k old new))))))
  (teardown! [_ _test])
  (close! [_ _test] (lines/close! lines)))

(defn operations
  "A mix for one key. Written values are unique, so that a checker can tell all writes apart."
  [counter]
  (gen/mix [(fn [] {:f :read})
            (fn [] {:f :write, :value (swap! counter inc)})
            (fn [] (let [n (swap! counter inc)]
                     {:f :cas, :value [(max 0 (- n 2)) n]}))]))

(defn workload [{:keys [concurrency nodes ops-per-key]}]
  (let [counter (atom 0)]
    {:client    (RegisterClient. nil)
     :checker   (independent/checker
                  (checker/compose
                    {:linear   (checker/linearizable {:model (model/cas-register)})
                     :timeline (timeline/html)}))
     :generator (independent/concurrent-generator
                  (max 1 (min concurrency (count nodes)))
                  (rest (range))
                  (fn [_k] (gen/limit (or ops-per-key 200) (operations counter))))}))
