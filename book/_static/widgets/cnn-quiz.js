/* <cnn-quiz>: one question, radio buttons, and the reason for the answer that was chosen. It remembers nothing. */
cnn.define("cnn-quiz", {}, quiz => {
  const status = quiz.querySelector("[role=status]");
  for (const option of quiz.querySelectorAll(".cnn-option")) {
    option.querySelector("input").addEventListener("change", event => {
      const right = event.target.dataset.right === "true";
      quiz.dataset.state = right ? "right" : "wrong";
      for (const other of quiz.querySelectorAll(".cnn-option")) delete other.dataset.chosen;
      option.dataset.chosen = quiz.dataset.state;
      const verdict = cnn.el("strong", {}, right ? "Right. " : "Not this one. ");
      const reason = option.querySelector(".cnn-reason").cloneNode(true);
      (reason.querySelector("p") || reason).prepend(verdict);
      status.replaceChildren(...reason.childNodes);
    });
  }
});
