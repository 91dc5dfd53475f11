; SPDX-License-Identifier: Apache-2.0
; Loads every namespace of jepsen/clojure with the real Clojure and stand-ins for Jepsen's: unknown
; symbols, wrong numbers of arguments in calls of macros, and unreadable files end it with status 1.
(doseq [name '[geode.jepsen.lines geode.jepsen.graph-check geode.jepsen.db geode.jepsen.nemesis
               geode.jepsen.register geode.jepsen.graph geode.jepsen.append geode.jepsen.bank
               geode.jepsen.core]]
  (require name)
  (println "loaded" name))

(require '[geode.jepsen.core :as core])
(let [options {:workload "register", :nodes ["n1" "n2" "n3"], :concurrency 3, :rate 10.0,
               :faults #{:kill}, :nemesis-interval 5, :time-limit 10, :geode-bin "/bin"}]
  (doseq [workload (keys core/workloads)]
    (let [made (core/geode-test (assoc options :workload workload))]
      (assert (= (str "geode-" workload) (:name made)))
      (assert (:client made))))
  (let [made (core/geode-test (assoc options :workload "bank"))]
    (assert (= [80 8 5] [(:total-amount made) (count (:accounts made)) (:max-transfer made)]))))
