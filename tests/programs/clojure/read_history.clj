; SPDX-License-Identifier: Apache-2.0
; Reads stores as Jepsen's tools do, with Clojure's own EDN reader, and holds them to what those rely
; on. usage: read_history.clj STORE...; status 1 if something does not hold.
(require '[clojure.edn :as edn]
         '[clojure.java.io :as io]
         '[geode.jepsen.graph-check :as graph-check]
         '[rules :refer [must]])

(defn check-register [operations]
  (doseq [{:keys [f value]} operations]
    (must (and (vector? value) (= 2 (count value)) (integer? (first value)))
          "a register's value is not [key value]" value)
    (must (or (not= f :cas) (= 2 (count (second value)))) "a cas is not [old new]")))

(defn prefix? [one other] (= one (take (count one) other)))

(defn check-append
  "As Elle wants it; and of two reads of a list one continues the other."
  [operations]
  (doseq [{:keys [type f value]} operations, [mf k v] value]
    (must (= f :txn) "another :f" f)
    (must (and (#{:append :r} mf) (integer? k)) "not a micro-operation" [mf k v])
    (must (cond (= :append mf) (integer? v)
                (= :ok type)   (and (vector? v) (every? integer? v))
                :else          (nil? v))
          "its value is" v))
  (let [reads (for [{:keys [type value]} operations, :when (= :ok type)
                    [mf k v] value, :when (= :r mf)]
                [k v])]
    (must (seq reads) "nothing was read")
    (doseq [[k seen] (group-by first reads)]
      (must (every? (fn [[one other]] (prefix? one other))
                    (partition 2 1 (sort-by count (map second seen))))
            "list" k "has two orders"))))

(defn check-bank
  "As Jepsen's bank wants it; and every read shows the same total."
  [operations]
  (doseq [{:keys [f value]} operations]
    (must (if (= :transfer f)
            (every? nat-int? ((juxt :from :to :amount) value))
            (and (= :read f) (or (nil? value) (= (set (range 8)) (set (keys value))))))
          "its value is" f value))
  (let [reads (keep :value (filter #(and (= :read (:f %)) (= :ok (:type %))) operations))]
    (must (seq reads) "nothing was read")
    (doseq [balances reads]
      (must (= 80 (reduce + (vals balances))) "a read shows another total" balances))))

(defn check-graph [history results]
  (let [checked (graph-check/check history)]
    (must (= (:valid? checked) (:valid? results)) "Clojure's verdict is" checked)
    (println "graph:" (:elements checked) "elements, judged" (:valid? checked))))

(doseq [store *command-line-args*]
  (let [history    (with-open [file (io/reader (io/file store "history.edn"))]
                     (mapv edn/read-string (line-seq file)))
        results    (edn/read-string (slurp (io/file store "results.edn")))
        operations (filter #(integer? (:process %)) history)]
    (rules/must-be-jepsens history)
    (case (:workload results)
      "register" (check-register operations)
      "graph"    (check-graph history results)
      "append"   (check-append operations)
      "bank"     (check-bank operations))
    (must (contains? #{true false :unknown} (:valid? results)) "results.edn does not say :valid?")
    (must (vector? (:anomaly-types results)) "results.edn does not say :anomaly-types")
    (println (:workload results) (count history) "events,"
             (count (filter #(= :invoke (:type %)) history)) "operations")))
