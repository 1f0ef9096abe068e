"""The loss for whole distributions: how far are a student's answers from a teacher's? (chapter ch10_compression)"""

import math

import numpy as np

from cnncourse.activations import softmax
from cnncourse.arguments import number, same_shape
from cnncourse.losses.loss import class_logits, log_softmax, upstream


def distillation_kl_loops(student_logits, teacher_logits, temperature):
    """The definition: ``T**2 * sum(q * log(q / p))`` with the teacher's probabilities q and the student's p.

    >>> round(distillation_kl_loops(np.zeros((1, 2)), np.log([[3.0, 1.0]]), temperature=1.0), 4)
    0.1308
    """
    total = 0.0
    for student, teacher in zip(student_logits, teacher_logits):
        p, q = [math.exp(z / temperature) for z in student], [math.exp(z / temperature) for z in teacher]
        for k in range(len(p)):
            total += q[k] / sum(q) * math.log((q[k] / sum(q)) / (p[k] / sum(p)))
    return temperature**2 * total / len(student_logits)


def distillation_kl(student_logits, teacher_logits, temperature):
    """How far the student's softened answers are from the teacher's (Hinton, Vinyals and Dean, 2015, arXiv:1503.02531).

    Divided by the temperature T, the teacher's logits show which wrong classes it holds for likely: a 7 that is a
    little like a 1. The gradient shrinks with T**2, and the factor T**2 undoes that, so that the balance with the loss
    on the true labels holds when T changes. The paper takes the cross-entropy; this is less by the teacher's own
    entropy, which no student can change, so the gradient is the same and a perfect student has loss 0.

    Parameters
    ----------
    student_logits, teacher_logits : ndarray, shape (N, K)
    temperature : a number > 0; 1 leaves the logits as they are

    >>> loss, cache = distillation_kl(np.zeros((1, 2)), np.log([[3.0, 1.0]]), temperature=1.0)
    >>> loss.round(4)
    np.float64(0.1308)
    """
    student = class_logits(student_logits, "student_logits")
    teacher = same_shape(teacher_logits, "teacher_logits", student.shape).astype(student.dtype)
    T = number(temperature, "temperature", above_zero=True)
    log_p, log_q = log_softmax(student / T), log_softmax(teacher / T)
    q = softmax(teacher / T)[0]
    return T**2 * (q * (log_q - log_p)).sum() / max(len(q), 1), (np.exp(log_p), q, T)


def distillation_kl_backward(dloss, cache):
    """The gradient with respect to the student's logits, ``T * (p - q) / N``; the teacher does not learn.

    >>> loss, cache = distillation_kl(np.zeros((1, 2)), np.log([[3.0, 1.0]]), temperature=1.0)
    >>> distillation_kl_backward(1.0, cache).round(4)
    array([[-0.25,  0.25]])
    """
    p, q, T = cache
    return upstream(dloss) * T / max(len(p), 1) * (p - q)
