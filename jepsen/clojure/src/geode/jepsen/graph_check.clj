; SPDX-License-Identifier: Apache-2.0
(ns geode.jepsen.graph-check
  "Is the final graph one that the clients were promised? Plain Clojure over maps, no Jepsen.

  Each vertex and each edge is a register that is read once, at the end: what is there must be of a
  write that happened or may have, and that no acknowledged write has replaced, i.e. one that began
  after it was completed. Both directions of adjacency must list the same edges, and both ends of
  every edge must exist. The rules are those of workloads/check/graph_check.h.")

(defn- edge-key [{:keys [from type to rank]}] [:edge from type to rank])

(defn writes-of
  "[element content detaches?] of an operation; content nil deletes."
  [f value]
  (case f
    :put-vertex    [[[:vertex (:id value)] (get-in value [:properties "stamp"])]]
    :delete-vertex [[[:vertex (:id value)] nil]]
    :put-edge      [[(edge-key value) (get-in value [:properties "stamp"])]]
    :delete-edge   [[(edge-key value) nil]]
    :batch         (mapcat (fn [[f value]] (writes-of f value)) value)))

(defn writes
  "All writes of a history with their positions: {:element :content :invoked :completed :type}."
  [history]
  (loop [ops (map-indexed vector history), running {}, done []]
    (if-let [[position {:keys [process type f value]}] (first ops)]
      (cond
        (or (not (integer? process)) (= f :scan)) (recur (rest ops) running done)
        (= type :invoke)
        (recur (rest ops)
               (assoc running process
                      (for [[element content] (writes-of f value)]
                        {:element element, :content content, :invoked position,
                         :detach (and (= f :delete-vertex) (:detach value))}))
               done)
        :else
        (recur (rest ops)
               (dissoc running process)
               (into done (map #(assoc % :type type
                                       :completed (if (= type :info) ##Inf position)))
                     (running process))))
      ; What still runs may have happened.
      (into done (map #(assoc % :type :info, :completed ##Inf)) (mapcat val running)))))

(defn- replaced?
  "Whether an acknowledged write of the same element began after `write` was completed."
  [write others]
  (some #(and (= :ok (:type %)) (> (:invoked %) (:completed write))) others))

(defn- explains?
  [content others write]
  (and (not= :fail (:type write))
       (= content (:content write))
       (not (replaced? write others))))

(defn- absence-explained?
  "Nothing may be there if no write was acknowledged, or a delete is the last word. A vertex that
  was deleted with its edges explains the absence of those."
  [element others by-element]
  (or (not-any? #(and (= :ok (:type %)) (:content %)) others)
      (some (partial explains? nil others) others)
      (and (= :edge (first element))
           (let [[_ from _ to _] element]
             (some #(and (:detach %) (explains? nil others %))
                   (mapcat by-element [[:vertex from] [:vertex to]]))))))

(defn elements
  "What a scan holds: element -> stamp."
  [scan]
  (merge (into {} (map (juxt (fn [v] [:vertex (:id v)]) #(get-in % [:properties "stamp"])))
               (:vertices scan))
         (into {} (map (juxt edge-key #(get-in % [:properties "stamp"]))) (:out-edges scan))))

(defn check
  "{:valid? ..., :anomalies [[kind element] ...]} of a history whose last :ok :scan is the graph."
  [history]
  (if-let [scan (:value (last (filter #(and (= :scan (:f %)) (= :ok (:type %))) history)))]
    (let [by-element (group-by :element (writes history))
          there      (elements scan)
          vertices   (set (map :id (:vertices scan)))
          out        (set (map edge-key (:out-edges scan)))
          in         (set (map edge-key (:in-edges scan)))
          unwritten  (for [[element content] there
                           :let [others (by-element element)]
                           :when (not-any? (partial explains? content others) others)]
                       [:unwritten element])
          lost       (for [[element others] by-element
                           :when (and (not (contains? there element))
                                      (not (absence-explained? element others by-element)))]
                       [:lost-write element])
          adjacency  (for [element (concat (remove in out) (remove out in))]
                       [:adjacency element])
          dangling   (for [[_ from _ to _ :as element] out
                           :when (not (and (vertices from) (vertices to)))]
                       [:dangling-edge element])
          anomalies  (vec (concat unwritten lost adjacency dangling))]
      {:valid? (empty? anomalies), :anomalies anomalies, :elements (count there)})
    {:valid? :unknown, :error "there is no final scan"}))
