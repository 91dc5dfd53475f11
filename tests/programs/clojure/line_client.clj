; SPDX-License-Identifier: Apache-2.0
; Drives a running cluster with the client of jepsen/clojure, and judges what it did there.
; usage: line_client.clj GEODE_JEPSEN HOST:PORT...; status 1 if an answer is wrong.
(require '[geode.jepsen.graph-check :as graph-check]
         '[geode.jepsen.lines :as lines])

(let [[binary & endpoints] *command-line-args*
      client (lines/open binary endpoints)
      expect (fn [answer & words]
               (let [got (apply lines/request! client words)]
                 (when (not= answer got)
                   (println words "was answered" got "instead of" answer)
                   (System/exit 1))))]
  (expect [:ok nil] :read 7)
  (expect [:ok nil] :write 7 1)
  (expect [:ok 1] :read 7)
  (expect [:refused] :cas 7 5 6)
  (expect [:ok nil] :cas 7 1 6)
  (expect [:ok 6] :read 7)
  (expect [:ok nil] :cas 8 nil 3)
  (expect [:ok nil] :put-vertex 1 11)
  (expect [:refused] :put-edge 1 "KNOWS" 99 0 12)
  (expect [:ok nil] :put-edge 1 "KNOWS" 1 0 13)
  (expect [:ok [[:append 20 1] [:r 20 [1]] [:r 21 []]]] :txn :append 20 1 :r 20 :r 21)
  (expect [:ok [[:r 21 []] [:append 21 5] [:append 20 2] [:r 20 [1 2]]]]
          :txn :r 21 :append 21 5 :append 20 2 :r 20)
  (expect [:ok {0 10, 1 10, 2 10}] :balances 3)
  (expect [:ok nil] :transfer 0 2 10)
  (expect [:refused] :transfer 0 2 1)
  (expect [:ok {0 0, 1 10, 2 20}] :balances 3)
  (let [[kind scan] (lines/request! client :scan)]
    (when-not (and (= :ok kind) (= 7 (count (:vertices scan))) (= 1 (count (:in-edges scan))))
      (println "the scan is" kind scan)
      (System/exit 1)))
  (doseq [words [[:dance] [:txn] [:txn :w 1 2] [:transfer 1 1 5]]]
    (try (apply lines/request! client words)
         (println words "was understood")
         (System/exit 1)
         (catch clojure.lang.ExceptionInfo _ nil)))
  (lines/close! client)
  (println "every answer was right"))

; The Clojure checker must tell a lost write from a good graph.
(let [put    {:process 0, :f :put-vertex, :value {:id 1, :properties {"stamp" 5}}}
      scan   {:process 9, :f :scan, :type :ok,
              :value {:vertices [{:id 1, :properties {"stamp" 5}}], :out-edges [], :in-edges []}}
      events [(assoc put :type :invoke) (assoc put :type :ok) scan]]
  (assert (true? (:valid? (graph-check/check events))))
  (assert (= [[:lost-write [:vertex 1]]]
             (:anomalies (graph-check/check (assoc-in events [2 :value :vertices] [])))))
  (assert (false? (:valid? (graph-check/check
                             (assoc-in events [2 :value :vertices 0 :properties "stamp"] 6)))))
  (assert (= :unknown (:valid? (graph-check/check (pop events))))))
