; SPDX-License-Identifier: Apache-2.0
(ns geode.jepsen.core
  "lein run test --workload register --nodes n1,n2,n3,n4,n5 --geode-bin /path/to/build/bin"
  (:gen-class)
  (:require [clojure.string :as str]
            [geode.jepsen.append :as append]
            [geode.jepsen.bank :as bank]
            [geode.jepsen.db :as gdb]
            [geode.jepsen.graph :as graph]
            [geode.jepsen.nemesis :as nemesis]
            [geode.jepsen.register :as register]
            [jepsen.checker :as checker]
            [jepsen.cli :as cli]
            [jepsen.generator :as gen]
            [jepsen.os.debian :as debian]
            [jepsen.tests :as tests]))

(def workloads {"register" register/workload
                "graph"    graph/workload
                "append"   append/workload
                "bank"     bank/workload})

(defn geode-test
  "From command line options to a test."
  [opts]
  (let [workload ((workloads (:workload opts)) opts)
        db       (gdb/db)
        package  (nemesis/package {:db db, :faults (:faults opts),
                                   :interval (:nemesis-interval opts)})
        load     (->> (:generator workload)
                      (gen/stagger (/ (:rate opts)))
                      (gen/nemesis (:generator package))
                      (gen/time-limit (:time-limit opts)))
        end      (when-let [final (:final-generator workload)]
                   (gen/clients final))]
    ; What generators and checkers of Jepsen's own look for in the test.
    (merge tests/noop-test opts (select-keys workload [:accounts :total-amount :max-transfer])
           {:name         (str "geode-" (:workload opts))
            :os           debian/os
            :db           db
            :client       (:client workload)
            :nemesis      (:nemesis package)
            :geode-node   (str (:geode-bin opts) "/geode-node")
            :geode-jepsen (str (:geode-bin opts) "/geode-jepsen")
            :checker      (checker/compose {:workload (:checker workload)
                                            :perf     (checker/perf {:nemeses (:perf package)})
                                            :stats    (checker/stats)
                                            :crash    (checker/unhandled-exceptions)})
            :generator    (gen/phases load
                                      (gen/log "healing")
                                      (gen/nemesis (:final-generator package))
                                      (gen/sleep 15)
                                      end)})))

(def options
  [["-w" "--workload NAME" "register or graph"
    :default "register"
    :validate [workloads "expected register or graph"]]
   [nil "--faults LIST" "of partition, kill, pause, clock; comma-separated"
    :default nemesis/all-faults
    :parse-fn #(set (map keyword (str/split % #",")))
    :validate [#(every? nemesis/all-faults %) "expected partition, kill, pause or clock"]]
   [nil "--nemesis-interval SECONDS" "between faults, about"
    :default 10
    :parse-fn parse-long]
   ["-r" "--rate HZ" "operations per second"
    :default 50.0
    :parse-fn parse-double]
   [nil "--geode-bin DIR" "geode-node and geode-jepsen, on the control node"
    :default "../../build/bin"]])

(defn -main [& args]
  (cli/run! (merge (cli/single-test-cmd {:test-fn geode-test, :opt-spec options})
                   (cli/serve-cmd))
            args))
