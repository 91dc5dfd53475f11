; SPDX-License-Identifier: Apache-2.0
(ns geode.jepsen.graph
  "Concurrent inserts and deletes of vertices and edges over a few ids; one scan at the end."
  (:require [geode.jepsen.db :as gdb]
            [geode.jepsen.graph-check :as graph-check]
            [geode.jepsen.lines :as lines]
            [jepsen.checker :as checker]
            [jepsen.client :as client]
            [jepsen.generator :as gen]))

(def vertex-count 12)
(def types ["FOLLOWS" "KNOWS"])

(defn- words
  "The request of an operation."
  [{:keys [f value]}]
  (let [{:keys [id detach from type to rank properties]} value
        stamp (get properties "stamp")]
    (case f
      :put-vertex    [:put-vertex id stamp]
      :delete-vertex [:delete-vertex id (if detach "detach" "keep")]
      :put-edge      [:put-edge from type to rank stamp]
      :delete-edge   [:delete-edge from type to rank]
      :scan          [:scan])))

(defrecord GraphClient [lines]
  client/Client
  (open! [this test _node]
    (assoc this :lines (lines/open (:geode-jepsen test) (map gdb/endpoint (:nodes test)))))
  (setup! [_ _test])
  (invoke! [_ _test op]
    (let [[_ value :as answer] (apply lines/request! lines (words op))]
      (lines/complete op answer (if (= :scan (:f op)) value (:value op)))))
  (teardown! [_ _test])
  (close! [_ _test] (lines/close! lines)))

(defn- random-edge []
  {:from (inc (rand-int vertex-count)), :type (rand-nth types),
   :to (inc (rand-int vertex-count)), :rank (rand-int 2)})

(defn operations
  "Vertices are put more often than deleted, so that edges find their ends. Stamps are unique."
  [counter]
  (let [stamp  (fn [] {"stamp" (swap! counter inc)})
        vertex (fn [] (inc (rand-int vertex-count)))]
    (gen/mix
      (concat
        (repeat 5 (fn [] {:f :put-vertex, :value {:id (vertex), :labels ["Item"],
                                                  :properties (stamp)}}))
        (repeat 3 (fn [] {:f :delete-vertex, :value {:id (vertex), :detach (zero? (rand-int 2))}}))
        (repeat 7 (fn [] {:f :put-edge, :value (assoc (random-edge) :properties (stamp))}))
        (repeat 4 (fn [] {:f :delete-edge, :value (random-edge)}))))))

(defn workload [_opts]
  {:client          (GraphClient. nil)
   :checker         (reify checker/Checker
                      (check [_ _test history _opts] (graph-check/check history)))
   :generator       (operations (atom 0))
   :final-generator (gen/once {:f :scan})})
