/// This version of Inkstone.
package let inkstoneVersion = "0.1.0"
